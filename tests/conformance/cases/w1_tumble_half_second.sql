-- rule: W1
-- about: windows of half a second, and an interval of minutes to seconds
-- include: bids
CREATE TABLE sink (ws TIMESTAMP(3), we TIMESTAMP(3), n BIGINT) WITH (${sink:sink});
CREATE TABLE slow (ws TIMESTAMP(3), we TIMESTAMP(3), n BIGINT) WITH (${sink:slow});
EXECUTE STATEMENT SET BEGIN
INSERT INTO sink SELECT window_start, window_end, COUNT(*) FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '0.5' SECOND)) GROUP BY window_start, window_end;
INSERT INTO slow SELECT window_start, window_end, COUNT(*) FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '1:30' MINUTE TO SECOND)) GROUP BY window_start, window_end;
END;
