"""Who does it: profiles as data, the Videos door and its HTTP client, retry, statuses and error words."""
