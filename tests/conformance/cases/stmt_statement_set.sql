-- rule: 2.1 Statements
-- about: EXECUTE STATEMENT SET: three sinks of one source
-- include: bids
CREATE TABLE by_bidder (ws TIMESTAMP(3), bidder BIGINT, n BIGINT) WITH (${sink:by_bidder});
CREATE TABLE by_channel (ws TIMESTAMP(3), channel STRING, n BIGINT) WITH (${sink:by_channel});
CREATE TABLE cheap (auction BIGINT, price BIGINT) WITH (${sink:cheap});
EXECUTE STATEMENT SET BEGIN
INSERT INTO by_bidder SELECT window_start, bidder, COUNT(*) FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '30' SECOND)) GROUP BY window_start, window_end, bidder;
INSERT INTO by_channel SELECT window_start, channel, COUNT(*) FROM TABLE(HOP(TABLE bids, DESCRIPTOR(ts), INTERVAL '30' SECOND, INTERVAL '60' SECOND)) GROUP BY window_start, window_end, channel;
INSERT INTO cheap SELECT auction, price FROM bids WHERE price < 10;
END;
