-- include: bids
SELECT window.start, channel, COUNT(DISTINCT bidder) FROM bids GROUP BY window(ts, '40 seconds', '10 seconds'), channel;
