-- rule: 2.1 Statements
-- about: computed columns, one as the rowtime from text
CREATE TABLE bids (auction BIGINT, bidder BIGINT, price BIGINT, channel STRING, url STRING, t STRING, extra STRING,
  dollars AS price * 100, rt AS TO_TIMESTAMP(t), long_extra AS CHAR_LENGTH(extra) > 10, WATERMARK FOR rt AS rt - INTERVAL '4' SECOND)
WITH ('connector'='filesystem', 'path'='${data}/bids.csv', 'format'='csv', 'csv.null-literal'='NULL');
CREATE TABLE sink (ws TIMESTAMP(3), long_extra BOOLEAN, total BIGINT) WITH (${sink:sink});
INSERT INTO sink SELECT window_start, long_extra, SUM(dollars)
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(rt), INTERVAL '20' SECOND)) GROUP BY window_start, window_end, long_extra;
