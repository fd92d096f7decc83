ccb shared | s
ccb action | a
ccb slot 0:1:0.5 | z
