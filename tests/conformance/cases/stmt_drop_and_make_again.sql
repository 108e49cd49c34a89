-- rule: 2.1 Statements
-- about: DROP TABLE and VIEW, IF EXISTS, IF NOT EXISTS, RESET
-- include: bids
SET 'pipeline.name' = 'dropped';
RESET 'pipeline.name';
CREATE TABLE other (a INT) WITH ('connector'='blackhole');
DROP TABLE other;
DROP TABLE IF EXISTS other;
CREATE TABLE IF NOT EXISTS bids (nothing INT) WITH ('connector'='blackhole');
CREATE VIEW v AS SELECT auction FROM bids;
DROP VIEW v;
CREATE VIEW v AS SELECT bidder FROM bids WHERE price > 5000000;
CREATE TABLE sink (b BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT bidder FROM v;
