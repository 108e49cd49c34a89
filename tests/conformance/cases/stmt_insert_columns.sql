-- rule: 2.1 Statements
-- about: INSERT with a list of columns: another order, the rest NULL
-- include: bids
CREATE TABLE sink (a BIGINT, b STRING, c BIGINT, d STRING) WITH (${sink:sink});
INSERT INTO sink (c, b) SELECT price, channel FROM bids WHERE bidder = 1001;
