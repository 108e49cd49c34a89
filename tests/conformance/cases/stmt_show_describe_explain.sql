-- rule: 2.1 Statements
-- about: SHOW, DESCRIBE and EXPLAIN are accepted and change nothing
-- include: bids
CREATE TABLE sink (auction BIGINT) WITH (${sink:sink});
SHOW TABLES;
SHOW CREATE TABLE bids;
DESCRIBE bids;
EXPLAIN SELECT auction FROM bids WHERE price > 1000;
INSERT INTO sink SELECT auction FROM bids WHERE price > 5000000;
