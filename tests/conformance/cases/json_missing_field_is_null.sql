-- rule: 1.5 JSON
-- about: a missing field is NULL
CREATE TABLE bids (auction BIGINT, nothing STRING) WITH ('connector'='filesystem', 'path'='${data}/bids.jsonl', 'format'='json');
CREATE TABLE sink (auction BIGINT, nothing STRING) WITH (${sink:sink});
INSERT INTO sink SELECT auction, nothing FROM bids WHERE auction > 1025;
