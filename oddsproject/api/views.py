"""What every view of the API starts from."""

from rest_framework.exceptions import NotFound
from rest_framework.response import Response
from rest_framework.views import APIView as DrfView

from .pagination import page_body, paginate
from .query import Query, read_query


class APIView(DrfView):
    """query_class: the declared parameters of GET; a POST or PATCH takes none."""

    query_class = Query

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        self.query = read_query(self.query_class if request.method in ("GET", "HEAD") else Query, request)

    def read_body(self, serializer_class, *, partial=False, **kwargs):
        """The validated body, by its inside names."""
        data = self.request.data
        # No body at all is an empty object; a body that is empty or of another kind is an error.
        serializer = serializer_class(data={} if data == {} or data is None else data, partial=partial, **kwargs)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

    def page(self, rows, serializer_class, **context):
        """The answer with one page of rows."""
        found, total = paginate(rows, self.query)
        return Response(page_body(serializer_class(found, many=True, context=context).data, total, self.query))


class UnknownAddress(APIView):
    """404 as a problem, to those who may know; 401 and 403 to the others."""

    schema = None

    def initial(self, request, *args, **kwargs):
        super(APIView, self).initial(request, *args, **kwargs)
        raise NotFound("There is nothing at this address.")

    def get(self, request, *args, **kwargs):
        raise NotFound

    post = put = patch = delete = get
