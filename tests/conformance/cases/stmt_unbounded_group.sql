-- rule: 2.1 Queries
-- about: GROUP BY without a window, into a sink that takes no updates
-- fails: an unbounded GROUP BY has no end
-- include: bids
CREATE TABLE sink (channel STRING, n BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT channel, COUNT(*) FROM bids GROUP BY channel;
