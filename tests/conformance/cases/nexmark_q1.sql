-- rule: 2.1 Queries
-- about: NEXMark 1: currency conversion
-- include: bids
CREATE TABLE sink (auction BIGINT, bidder BIGINT, price DECIMAL(23, 3), ts TIMESTAMP(3), extra STRING) WITH (${sink:sink});
INSERT INTO sink SELECT auction, bidder, 0.908 * price AS price, ts, extra FROM bids;
