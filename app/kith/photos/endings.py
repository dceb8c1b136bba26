"""Which file endings mean a picture: those of the formats that kith.photos.pixels reads, and those of all others."""

_PLAIN = """
.jpg .jpeg .jpe .jfif .jfi .jif .mpo .insp .png .apng .webp .heic .heif .hif .heics .heifs .avif .avifs .tif .tiff
.gif .bmp .jp2 .j2k .j2c .jpc .jpf .jpx .ppm .pgm .pbm .pnm .pfm
"""
# The raw files of cameras: LibRaw's list, but for endings that mostly mean something else.
_RAW = """
.3fr .arw .bay .cr2 .cr3 .crw .dcr .dng .erf .fff .iiq .k25 .kdc .mef .mos .mrw .nef .nrw .orf .pef .raf .raw .rw2
.rwl .sr2 .srf .srw .x3f
"""
# Videos, of phones and cameras, and what programs make of them.
_VIDEO = """
.mp4 .mov .m4v .qt .avi .mkv .webm .mts .m2ts .mpg .mpeg .3gp .3g2 .wmv .asf .flv .ogv .insv .vob
"""
# Further raw files, then the pictures of editors, of newer formats and of old ones.
_UNREADABLE = """
.ari .arq .dcs .drf .eip .gpr .mdc .ori .pxn .rwz
.psd .psb .xcf .kra .afphoto .pspimage
.jxl .jxr .wdp .hdp .exr .hdr .flif .qoi
.tga .pcx .pcd .pict .pct .sgi .dib
"""

RAW = frozenset(_RAW.split())
VIDEO = frozenset(_VIDEO.split())
READABLE = RAW.union(VIDEO, _PLAIN.split())
PICTURES = READABLE.union(_UNREADABLE.split())
