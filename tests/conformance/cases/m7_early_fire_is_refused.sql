-- rule: M7
-- about: a window is emitted once, when it is complete; early firing of a window function is refused
-- fails: early firing is not supported
-- include: bids
SET 'table.exec.emit.early-fire.enabled' = 'true';
SET 'table.exec.emit.early-fire.delay' = '1 s';
CREATE TABLE sink (ws TIMESTAMP(3), n BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
