-- rule: W13
-- about: three levels; HOP, then TUMBLE, then CUMULATE
-- include: bids
CREATE VIEW one_step AS SELECT window_time AS rt, channel, COUNT(*) AS n
FROM TABLE(HOP(TABLE bids, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '10' SECOND)) GROUP BY window_start, window_end, window_time, channel;
CREATE VIEW two_steps AS SELECT window_time AS rt2, MAX(n) AS most
FROM TABLE(TUMBLE(TABLE one_step, DESCRIPTOR(rt), INTERVAL '20' SECOND)) GROUP BY window_start, window_end, window_time;
CREATE TABLE sink (ws TIMESTAMP(3), we TIMESTAMP(3), n BIGINT, most BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, window_end, COUNT(*), SUM(most)
FROM TABLE(CUMULATE(TABLE two_steps, DESCRIPTOR(rt2), INTERVAL '1' MINUTE, INTERVAL '2' MINUTE)) GROUP BY window_start, window_end;
