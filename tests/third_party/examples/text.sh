curl -sS -X POST "https://HOST/v1/videos" \
  -H "Authorization: Bearer YOUR_API_KEY" \
  -H "Content-Type: application/json" \
  -d '{
    "model": "sora-2",
    "prompt": "A video of a cool cat on a motorcycle in the night",
    "size": "1280x720",
    "seconds": "8"
  }'
