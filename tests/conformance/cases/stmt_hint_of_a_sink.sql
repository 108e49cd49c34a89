-- rule: 2.1 Queries
-- about: OPTIONS of a sink, for this INSERT
-- include: visits
CREATE TABLE sink (k STRING, v INT) WITH (${sink:sink});
INSERT INTO sink /*+ OPTIONS('csv.null-literal'='none', 'csv.field-delimiter'=';') */ SELECT k, v FROM visits WHERE v > 4;
