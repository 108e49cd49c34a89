-- rule: 2.1 Queries
-- about: after NEXMark 11 and 12: how many bids a bidder makes in a session, and in a window
-- include: bids_json
CREATE TABLE per_session (bidder BIGINT, bid_count BIGINT, starttime TIMESTAMP(3), endtime TIMESTAMP(3)) WITH (${sink:per_session});
CREATE TABLE per_window (bidder BIGINT, bid_count BIGINT, starttime TIMESTAMP(3), endtime TIMESTAMP(3)) WITH (${sink:per_window});
EXECUTE STATEMENT SET BEGIN
INSERT INTO per_session SELECT bidder, COUNT(*), window_start, window_end
FROM TABLE(SESSION(TABLE bids PARTITION BY bidder, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY bidder, window_start, window_end;
INSERT INTO per_window SELECT bidder, COUNT(*), window_start, window_end
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY bidder, window_start, window_end;
END;
