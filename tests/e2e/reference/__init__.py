"""An independent counter for captures.

It reads capture files, applies the counting rules frame by frame and prints the JSON lines that
`needletail replay --json` must print. It shares no code with the program and is written for
reading, not for speed: one check after the other, in the order in which the rules name them.

    capture   files -> frames, and whether a file was whole
    count     one frame -> what it contributes; contributions -> totals of an interval
    signature what the shipped signatures match, and whom they count
    sender    what one source of backscatter sent
    region    source address -> region and AS, from a table in CSV form
    line      totals -> the JSON object
    replay    captures -> lines: merging by time, intervals, late frames
"""
