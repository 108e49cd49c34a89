-- rule: 1.5 JSON
-- about: a missing field fails the job with json.fail-on-missing-field
-- fails: a field is missing
CREATE TABLE bids (auction BIGINT, nothing STRING) WITH ('connector'='filesystem', 'path'='${data}/bids.jsonl', 'format'='json', 'json.fail-on-missing-field'='true');
CREATE TABLE sink (auction BIGINT, nothing STRING) WITH (${sink:sink});
INSERT INTO sink SELECT auction, nothing FROM bids;
