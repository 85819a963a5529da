"""The model's data: tables read and checked, drivers by year, initial state of every unit."""
