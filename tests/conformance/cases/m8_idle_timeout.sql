-- rule: M8
-- about: an idle timeout changes no rows while the source is not idle; with settings that have no effect here
-- include: bids
SET 'table.exec.source.idle-timeout' = '30 s';
SET 'execution.checkpointing.interval' = '10 s';
SET 'pipeline.name' = 'idle';
SET 'table.exec.state.ttl' = '1 h';
CREATE TABLE sink (ws TIMESTAMP(3), n BIGINT, total BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, COUNT(*), SUM(price)
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
