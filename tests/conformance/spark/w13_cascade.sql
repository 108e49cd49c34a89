-- include: bids
WITH tens AS (SELECT window.end - INTERVAL 0.001 SECOND AS rt, bidder, COUNT(*) AS n, SUM(price) AS total FROM bids GROUP BY window(ts, '10 seconds'), bidder)
SELECT window.start, window.end, COUNT(*), SUM(n), MAX(total) FROM tens GROUP BY window(rt, '1 minute');
