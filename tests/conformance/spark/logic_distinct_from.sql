-- include: texts
SELECT id, NOT (a <=> b), n <=> m, NOT (k <=> 'a') FROM texts;
