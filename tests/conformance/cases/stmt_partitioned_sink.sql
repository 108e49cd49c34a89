-- rule: 2.1 Statements
-- about: PARTITIONED BY: folders of values, which are not in the rows; NULL and empty have the default name
-- include: bids
CREATE TABLE sink (auction BIGINT, price BIGINT, channel STRING, day_of STRING) PARTITIONED BY (day_of, channel) WITH (${sink:sink});
INSERT INTO sink SELECT auction, price, channel, DATE_FORMAT(ts, 'yyyy-MM-dd') FROM bids WHERE price > 100000;
