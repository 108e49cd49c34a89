-- include: texts
SELECT id, a || b, CONCAT(a, '-', b), CONCAT_WS(',', a, k, b), CONCAT_WS(k, a, b) FROM texts;
