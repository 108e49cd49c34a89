-- rule: 2.1 Queries
-- about: UNION ALL of two tables, duplicates stay; types widen
-- include: bids, people
CREATE TABLE sink (a BIGINT, b STRING) WITH (${sink:sink});
INSERT INTO sink SELECT bidder, channel FROM bids WHERE price < 50 UNION ALL SELECT age, city FROM people WHERE age > 90
UNION ALL SELECT bidder, channel FROM bids WHERE price < 20;
