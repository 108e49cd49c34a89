-- include: bids
SELECT window.start, COUNT(*), COUNT(DISTINCT auction), COUNT(DISTINCT bidder), COUNT(DISTINCT channel) FROM bids GROUP BY window(ts, '10 seconds');
