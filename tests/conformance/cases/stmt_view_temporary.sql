-- rule: 2.1 Statements
-- about: temporary tables and views, a view of a view, names in backticks, comments
-- include: bids
/* a comment
   over two lines */
CREATE TEMPORARY VIEW `big bids` AS SELECT auction AS `the auction`, price, ts FROM bids WHERE price > 1000; -- and at an end; of a line
CREATE TEMPORARY VIEW few AS SELECT `the auction` AS `select`, price FROM `big bids` WHERE price < 100000;
CREATE TEMPORARY TABLE sink (`select` BIGINT, p BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT `select`, price FROM few;
