SET 'pipeline.name' = 'x'; SET 'table.local-time-zone' = 'GMT+08:00'; SET 'execution.checkpointing.interval' = '10 s'; SET 'table.optimizer.x' = 'y'; RESET 'pipeline.name'; RESET;
