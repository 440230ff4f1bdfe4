"""The dbt project on small lakes made of Python rows."""
