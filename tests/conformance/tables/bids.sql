CREATE TABLE bids (
  auction BIGINT, bidder BIGINT, price BIGINT, channel STRING, url STRING, ts TIMESTAMP(3), extra STRING,
  WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem', 'path'='${data}/bids.csv', 'format'='csv', 'csv.null-literal'='NULL');
