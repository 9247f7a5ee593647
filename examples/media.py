"""media - what ffmpeg is told about a file that anybody may have sent."""
import json
import subprocess

SECONDS = 60            # that ffprobe may take

# What ffmpeg may open: no playlist, nothing that names other files.
FORMATS = ("mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,flv,mpeg,mpegts,ogg,asf,"
           "gif,png_pipe,jpeg_pipe,webp_pipe,bmp_pipe,tiff_pipe,apng")


def input_of(path):
    """The options that make a file ffmpeg's input: this one, and no other."""
    return ("-protocol_whitelist", "file", "-format_whitelist", FORMATS,
            "-i", "file:" + path)


def path_of(file):
    """What ffmpeg calls a descriptor that it is started with (pass_fds)."""
    return f"/proc/self/fd/{file}"


def probe(file):
    """(seconds, frames) of a video's descriptor, None each if unknown."""
    try:
        said = json.loads(subprocess.run(
            ["ffprobe", "-v", "quiet", "-select_streams", "v:0",
             "-show_entries", "format=duration:stream=nb_frames", "-of",
             "json", *input_of(path_of(file))], pass_fds=(file,),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False,
            timeout=SECONDS, start_new_session=True).stdout)
    except (subprocess.TimeoutExpired, ValueError):
        return None, None
    stream = (said.get("streams") or [{}])[0]
    return (_number(float, said.get("format", {}).get("duration")),
            _number(int, stream.get("nb_frames")))


def _number(kind, text):
    """A number above 0, or None."""
    try:
        return max(kind(text), 0) or None
    except (TypeError, ValueError):
        return None
