-- rule: 2.1 Flink refuses
-- about: number = text
-- fails: a number does not compare with a text
-- include: bids
CREATE TABLE sink (auction BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT auction FROM bids WHERE price = channel;
