from openai import OpenAI

client = OpenAI(
    api_key="YOUR_API_KEY",
    base_url="https://HOST/v1/",
)
# 使用本地图片作为参考
video = client.videos.create(
    model="sora-2",
    prompt="The cat starts walking slowly towards the camera",
    size="1280x720",
    seconds="8",
    input_reference=open("reference_image.png", "rb"),
)
print("Video generation started:", video)
