"""What a council's workbook holds, what is wrong with it, and how to mend it."""
