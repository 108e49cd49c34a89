-- include: bids
SELECT session_window.start, session_window.end, bidder, COUNT(*), SUM(price), MIN(price), MAX(price), SUM(price) DIV COUNT(price), COUNT(DISTINCT channel)
FROM bids GROUP BY session_window(ts, '5 seconds'), bidder;
