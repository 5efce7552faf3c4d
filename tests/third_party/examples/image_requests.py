import requests
from PIL import Image
import io

url = "https://HOST/v1/videos"
headers = {
    "Authorization": "Bearer YOUR_API_KEY",
}
# 检查图片并调整尺寸
image_path = "test_local.jpg"
with Image.open(image_path) as img:
    original_width, original_height = img.size
    print(f"原始图片尺寸: {original_width}x{original_height}")
    # 根据图片比例选择目标尺寸 (只支持这两种)
    if original_height > original_width:
        # 竖屏,调整到720x1280
        target_size = (720, 1280)
        size_param = "720x1280"
    else:
        # 横屏或正方形,调整到1280x720
        target_size = (1280, 720)
        size_param = "1280x720"
    print(f"目标尺寸: {target_size[0]}x{target_size[1]}")
    # 调整图片尺寸
    img_resized = img.resize(target_size, Image.LANCZOS)
    # 保存到内存
    img_buffer = io.BytesIO()
    img_resized.save(img_buffer, format="JPEG", quality=95)
    img_buffer.seek(0)
# 准备表单数据
data = {"model": "sora-2", "prompt": "角马吃甜甜圈", "size": size_param, "seconds": "4"}
# 发送请求 (multipart/form-data)
files = {"input_reference": ("image.jpg", img_buffer, "image/jpeg")}
response = requests.post(url, headers=headers, data=data, files=files)
result = response.json()
print(f"状态码: {response.status_code}")
print(f"响应: {result}")
