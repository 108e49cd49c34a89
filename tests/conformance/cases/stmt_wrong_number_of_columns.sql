-- rule: 2.1 Statements
-- about: two columns for one
-- fails: the number of columns differs
-- include: bids
CREATE TABLE sink (a BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT auction, price FROM bids;
