-- rule: 2.1 Statements
-- about: BEGIN STATEMENT SET; two inserts into one sink
-- include: bids
CREATE TABLE sink (kind STRING, n BIGINT) WITH (${sink:sink});
BEGIN STATEMENT SET;
INSERT INTO sink SELECT 'dear', price FROM bids WHERE price > 9000000;
INSERT INTO sink SELECT 'cheap', price FROM bids WHERE price < 3;
END;
