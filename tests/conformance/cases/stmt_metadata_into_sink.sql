-- rule: 2.1 Connectors
-- about: a metadata column that is not VIRTUAL would have to be written, and files have none that can be
-- fails: the sink has no metadata that can be written
-- include: visits
CREATE TABLE sink (k STRING, v INT, name STRING METADATA FROM 'file.name') WITH (${sink:sink});
INSERT INTO sink SELECT k, v, k FROM visits;
