-- include: bids
SELECT window.start, window.end, channel, COUNT(*) FROM bids GROUP BY window(ts, '1 minute', '1 minute', '-20 seconds'), channel;
