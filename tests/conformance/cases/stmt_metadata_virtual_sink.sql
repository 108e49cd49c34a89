-- rule: 2.1 Connectors
-- about: a VIRTUAL metadata column is none of the sink's
-- include: visits
CREATE TABLE sink (k STRING, name STRING METADATA FROM 'file.name' VIRTUAL, v INT) WITH (${sink:sink});
INSERT INTO sink SELECT k, v FROM visits WHERE v > 4;
