"""Which file endings mean a picture: those of the formats that kith.photos.pixels reads, and those of all others."""

_READABLE = """
.jpg .jpeg .jpe .jfif .jfi .jif .mpo .insp .png .apng .webp .heic .heif .hif .heics .heifs .avif .avifs .tif .tiff
.gif .bmp .jp2 .j2k .j2c .jpc .jpf .jpx .ppm .pgm .pbm .pnm .pfm
"""

# The raw files of cameras (LibRaw's list, but for endings that mostly mean something else), then the pictures of
# editors, of newer formats and of old ones.
_UNREADABLE = """
.3fr .ari .arq .arw .bay .cr2 .cr3 .crw .dcr .dcs .dng .drf .eip .erf .fff .gpr .iiq .k25 .kdc .mdc .mef .mos .mrw
.nef .nrw .orf .ori .pef .pxn .raf .raw .rw2 .rwl .rwz .sr2 .srf .srw .x3f
.psd .psb .xcf .kra .afphoto .pspimage
.jxl .jxr .wdp .hdp .exr .hdr .flif .qoi
.tga .pcx .pcd .pict .pct .sgi .dib
"""

READABLE = frozenset(_READABLE.split())
PICTURES = READABLE.union(_UNREADABLE.split())
