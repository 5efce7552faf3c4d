curl -sS -X POST "https://HOST/v1/videos" \
  -H "Authorization: Bearer YOUR_API_KEY" \
  -F "model=sora-2" \
  -F "prompt=The cat starts walking slowly towards the camera" \
  -F "size=1280x720" \
  -F "seconds=8" \
  -F "input_reference=@reference_image.jpg"
