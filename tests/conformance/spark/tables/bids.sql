CREATE OR REPLACE TEMPORARY VIEW bids (auction BIGINT, bidder BIGINT, price BIGINT, channel STRING, url STRING, ts TIMESTAMP_NTZ, extra STRING)
USING csv OPTIONS (path '${data}/bids.csv', nullValue 'NULL', "emptyValue" '', escape '"', timestampNTZFormat 'yyyy-MM-dd HH:mm:ss[.SSS]');
