-- rule: 2.1 Queries
-- about: NEXMark 2: selection
-- include: bids_json
CREATE TABLE sink (auction BIGINT, price BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT auction, price FROM bids WHERE MOD(auction, 13) = 0;
