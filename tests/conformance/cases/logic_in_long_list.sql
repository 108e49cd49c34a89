-- rule: 2.1 Scalar functions
-- about: long lists, of numbers and of texts
-- include: bids
CREATE TABLE sink (auction BIGINT, bidder BIGINT, channel STRING) WITH (${sink:sink});
INSERT INTO sink SELECT auction, bidder, channel FROM bids
WHERE bidder IN (1000, 1002, 1004, 1006, 1008, 1010, 1012, 1014, 1016, 1018, 1020, 1022, 1024, 7, 8, 9, 10, 11, 12, 13, 14)
  AND channel NOT IN ('Google', 'Baidu', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's');
