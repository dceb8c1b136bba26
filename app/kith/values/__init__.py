"""What the rooms hand each other: persons, links, sightings, samples, decisions."""
