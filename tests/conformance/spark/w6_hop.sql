-- include: bids
SELECT CAST(window.start AS TIMESTAMP_NTZ), CAST(window.end AS TIMESTAMP_NTZ), COUNT(*), MIN(price), MAX(price)
FROM bids GROUP BY window(ts, '1 minute', '10 seconds');
