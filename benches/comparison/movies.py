"""The movies that are played: made once from the samples, hinted, long enough for a run."""
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLES = os.path.join(os.path.dirname(os.path.dirname(HERE)), "samples")

# What each is for: file name, the sample it is made of, and ffmpeg's options. Copies are looped as they are; the one
# with full packets has fewer and larger frames, so that nearly every packet of the hinter's 1,450 bytes is full.
MOVIES = {
    "300k": ("load_300kbit.mp4", "sample_h264_300kbit.mp4", ["-c", "copy"]),
    "100k": ("load_100kbit.mp4", "sample_h264_100kbit.mp4", ["-c", "copy"]),
    "300k-full": ("load_300kbit_full.mp4", "sample_h264_300kbit.mp4",
                  ["-an", "-c:v", "libx264", "-preset", "veryfast", "-r", "5", "-g", "25", "-bf", "0", "-b:v", "290k",
                   "-maxrate", "310k", "-bufsize", "290k", "-vf", "noise=alls=12:allf=t"]),
}
ABOUT = {
    "300k": "300 kbit/s, H.264 and AAC, about 47 packets of 780 bytes a second",
    "100k": "100 kbit/s, H.264 and AAC",
    "300k-full": "300 kbit/s, H.264 alone, packets of about 1,400 bytes",
}


def make(name, folder, seconds):
    """The file name of movie `name` in `folder`, made if it is not there yet or too short."""
    file, sample, options = MOVIES[name]
    path = os.path.join(folder, file)
    mark = path + ".seconds"
    if os.path.exists(path) and os.path.exists(mark):
        with open(mark) as text:
            if int(text.read() or 0) >= seconds:
                return file
    os.makedirs(folder, exist_ok=True)
    source = os.path.join(SAMPLES, sample)
    if shutil.which("ffmpeg") is None:
        # the viewers play it again and again then; each start is a small burst
        shutil.copyfile(source, path)
        print(f"no ffmpeg: {file} is {sample} as it is and played in a loop", file=sys.stderr)
        return file
    plain = path + ".plain.mp4"
    loops = seconds // 20 + 1
    command = ["ffmpeg", "-v", "error", "-y", "-stream_loop", str(loops), "-i", source, "-map", "0:v"]
    command += [] if "-an" in options else ["-map", "0:a"]
    command += [*options, "-t", str(seconds), "-movflags", "+faststart", plain]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    hint = os.path.join(SAMPLES, "hint")
    subprocess.run([sys.executable, hint, plain, path], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([sys.executable, hint, "--check", path], check=True, stdout=subprocess.DEVNULL)
    os.remove(plain)
    with open(mark, "w") as text:
        text.write(str(seconds))
    return file
