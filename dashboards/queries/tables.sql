-- Newest record of each mart that carries one.
select 'encounter' as name, count(*) as row_count, max(recorded_at) as newest from marts.fct_encounter
union all select 'condition', count(*), max(recorded_at) from marts.fct_condition
union all select 'observation', count(*), max(recorded_at) from marts.fct_observation
union all select 'procedure', count(*), max(recorded_at) from marts.fct_procedure
union all select 'service_request', count(*), max(recorded_at) from marts.fct_service_request
union all select 'medication_request', count(*), max(recorded_at) from marts.fct_medication_request
union all select 'immunization', count(*), max(recorded_at) from marts.fct_immunization
union all select 'episode_of_care', count(*), max(recorded_at) from marts.fct_episode_of_care
union all select 'care_plan_activity', count(*), max(recorded_at) from marts.fct_care_plan_activity
union all select 'appointment', count(*), max(recorded_at) from marts.fct_appointment
union all select 'death', count(*), max(recorded_at) from marts.fct_death
order by name
