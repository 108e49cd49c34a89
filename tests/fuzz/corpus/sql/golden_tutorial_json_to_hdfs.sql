SET 'table.local-time-zone' = 'UTC';  SET 'execution.checkpointing.interval' = '10 s';
CREATE TABLE source_table (
  id BIGINT, name STRING, age INT, gender STRING, birthday DATE, email STRING,
  phone STRING, address STRING, city STRING, country STRING
) WITH ('connector'='kafka', 'topic'='people', 'properties.bootstrap.servers'='localhost:9092',
        'properties.group.id'='g1', 'scan.startup.mode'='earliest-offset', 'format'='json');
CREATE TABLE sink_table ( /* the same ten columns */
  id BIGINT, name STRING, age INT, gender STRING, birthday DATE, email STRING,
  phone STRING, address STRING, city STRING, country STRING
) WITH ('connector'='filesystem', 'path'='hdfs://nn:8020/people', 'format'='csv');
INSERT INTO sink_table SELECT * FROM source_table;
