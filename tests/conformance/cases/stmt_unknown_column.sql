-- rule: 2.1 Queries
-- about: a column that is not there
-- fails: no such column
-- include: bids
CREATE TABLE sink (a BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT nothing FROM bids;
